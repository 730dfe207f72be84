-- From here on no trigger is told that the batch has computed the row.
ROLLBACK TO SAVEPOINT batch; SET LOCAL changeover.filling = ''
