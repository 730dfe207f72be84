-- Where an application stands: head, floor, and how far its latest plan that stands lets the floor rise. $1 app.
SELECT a.head, a.floor,
       (SELECT p.serving_from FROM changeover.plan p WHERE p.app = a.app AND p.head <= a.head
         ORDER BY p.id DESC LIMIT 1)
  FROM changeover.app a WHERE a.app = $1
