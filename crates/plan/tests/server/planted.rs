//! A service's role that may create in a schema on the path plants functions and operators that fit the
//! author's expression better than the server's own. What is SECURITY DEFINER, and the batches, run with
//! the owner's rights: they must call none of it, and `plan` must refuse what would.

use crate::{
    database::{Database, majors},
    runner,
};
use changeover_plan::Phase;

/// The table, and a role that may create functions beside it. Roles are the whole server's.
const SETUP: &str = "CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role};
    CREATE TABLE t (id int PRIMARY KEY, name varchar(20), n bigint);
    GRANT SELECT, INSERT, UPDATE ON t TO {role};
    INSERT INTO t VALUES (1, 'ANN', 1), (2, 'BOB', 2)";

/// Each writes down as whom it runs. The server's own take `text` and `double precision`, so that one
/// for the very types of the columns would be taken first. IMMUTABLE, as the planner asks, and no such thing.
const PLANTED: &str = "CREATE TABLE public.stolen (as_whom text, by_what text); GRANT ALL ON public.stolen TO PUBLIC;
    CREATE FUNCTION public.steal(what text) RETURNS text LANGUAGE plpgsql AS
      $$BEGIN INSERT INTO public.stolen VALUES (current_user, what); RETURN 'stolen'; END$$;
    CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT public.steal('lower')$$;
    CREATE FUNCTION public.sqrt(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT public.steal('sqrt')$$;
    CREATE FUNCTION public.text(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT public.steal('text')$$;
    CREATE FUNCTION public.joined(varchar, varchar) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT public.steal('||')$$;
    CREATE OPERATOR public.|| (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.joined);
    CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE sql IMMUTABLE AS
      $$SELECT public.steal('=') IS NOT NULL$$;
    CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.same);
    CREATE FUNCTION public.greater(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS
      $$SELECT public.steal('>') IS NOT NULL$$;
    CREATE OPERATOR public.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = public.greater);
    CREATE FUNCTION public.jsonb_build_array(text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
      $$SELECT to_jsonb(public.steal('jsonb_build_array'))$$;
    CREATE FUNCTION public.nextval(text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
      $$SELECT length(public.steal('nextval'))$$;";

const UPGRADE: &str = "ALTER TABLE t ADD COLUMN low text, ADD COLUMN root text, ADD COLUMN twice text, ADD COLUMN big text;
    UPDATE t SET low = lower(name), root = sqrt(n), twice = name || name,
      big = CASE WHEN n > n THEN 'much' WHEN name = 'x' THEN 'x' ELSE 'little' END";

/// What the rows are by the server's own functions.
const RIGHT: &str = "1 ann 1 ANNANN little\n2 bob 1.4142135623730951 BOBBOB little\n\
    3 cid 1.7320508075688772 CIDCID little\n4 dan 2 DANDAN little";

#[tokio::test]
async fn what_a_service_plants_is_not_called_as_the_owner() {
    for major in majors() {
        let mut database = Database::new(major).await;
        let role = format!("planter_{}", database.value("SELECT current_database()").await);
        database.run(&SETUP.replace("{role}", &role)).await;
        let plan = database.plan(UPGRADE).await;
        let (early, late): (Vec<_>, Vec<_>) =
            plan.steps.iter().partition(|step| step.phase == Phase::Expand);
        for step in early {
            runner::run_step(&database, step).await;
        }
        // Planted after the plan was made, so that nothing but the path is in its way.
        database.run(&format!("SET ROLE {role}; {PLANTED}; RESET ROLE")).await;
        database.reconnect().await;
        let cast = format!(
            "SET ROLE {role}; CREATE CAST (bigint AS varchar) WITH FUNCTION public.text(bigint) AS ASSIGNMENT"
        );
        let refused = database.client.batch_execute(&cast).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "casts are for the types' owners");
        database
            .run(&format!("SET ROLE {role}; INSERT INTO t VALUES (3, 'CID', 3), (4, 'x', 4)"))
            .await;
        database.run("UPDATE t SET name = 'DAN' WHERE id = 4; RESET ROLE").await;
        for step in late {
            runner::run_step(&database, step).await;
        }
        // With a path on which nothing planted is found.
        database.run("SET search_path = pg_catalog").await;
        let stolen = "SELECT DISTINCT as_whom, by_what FROM public.stolen ORDER BY by_what";
        assert_eq!(database.value(stolen).await, "", "PostgreSQL {major}");
        let rows = "SELECT id, low, root, twice, big FROM public.t ORDER BY id";
        assert_eq!(database.value(rows).await, RIGHT, "PostgreSQL {major}");
        database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    }
}

#[tokio::test]
async fn what_was_planted_before_is_refused_by_name() {
    for major in majors() {
        let database = Database::new(major).await;
        let role = format!("planter_{}", database.value("SELECT current_database()").await);
        database.run(&SETUP.replace("{role}", &role)).await;
        database.run(&format!("SET ROLE {role}; {PLANTED}; RESET ROLE")).await;
        let plan = database.plan_of(UPGRADE).await;
        let rules: Vec<&str> = plan.refusals.iter().map(|found| found.rule.as_str()).collect();
        assert_eq!(rules, ["open-schema"], "PostgreSQL {major}: {:?}", plan.refusals);
        assert!(plan.refusals[0].remedy.contains(&role), "{}", plan.refusals[0].remedy);
        database.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    }
}
