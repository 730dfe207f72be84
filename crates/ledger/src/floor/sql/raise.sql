-- Raises the floor. Must be READ COMMITTED, and the count of instances a statement of its own after
-- this one: a registration that read the lower floor FOR SHARE is then seen. $1 app, $2 floor.
-- model: RaiseFloor, FloorTakesGreater
UPDATE changeover.app
   SET floor = GREATEST(floor, $2),
       floor_raised_at = CASE WHEN floor < $2 THEN clock_timestamp() ELSE floor_raised_at END
 WHERE app = $1
