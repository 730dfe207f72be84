INSERT INTO notifications (alert_id, notifier_id, delivered_at) VALUES ($1, $2, now())
