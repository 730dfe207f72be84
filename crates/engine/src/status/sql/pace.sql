-- How fast the holder goes, as one JSON document; no row: nothing ran long yet. $1 app.
SELECT to_jsonb(p) - 'app' - 'epoch' FROM changeover.pace p WHERE p.app = $1
