-- One column; a writer's own value that differs is counted.
      NEW.{column} := {value};
      IF ({inserted}TG_OP = 'UPDATE' AND {from_old}) AND {from_value} THEN
        PERFORM pg_catalog.nextval({counter});
      END IF;
