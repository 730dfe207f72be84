ONLY {part} AS t WHERE {range} AND {differing}
