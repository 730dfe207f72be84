-- All tables as of release 4.8. Each row has a key, columns promoted for searching, and the payload
-- (the whole message, which is authoritative) that they are promoted from.
-- `write_id` is the id that a client gave to its write: plain and not unique, so that a write that was
-- stored twice can be seen.

CREATE TABLE clusters (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    payload jsonb NOT NULL
);

-- The stream of each cluster's sensor: how many there were, who holds the newest one, which alone may
-- write, and how far its events are stored.
CREATE TABLE sensor_streams (
    cluster_id uuid PRIMARY KEY REFERENCES clusters (id),
    epoch bigint NOT NULL,
    instance_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    last_sequence bigint NOT NULL
);

-- Written only by who holds the newest stream, which `stream_epoch` names.
CREATE TABLE cluster_health (
    cluster_id uuid PRIMARY KEY REFERENCES clusters (id),
    state text NOT NULL,
    seen_at timestamptz NOT NULL,
    stream_epoch bigint NOT NULL
);

CREATE TABLE deployments (
    id uuid PRIMARY KEY,
    cluster_id uuid NOT NULL REFERENCES clusters (id),
    namespace text NOT NULL,
    name text NOT NULL,
    image_id text,
    payload jsonb NOT NULL
);
CREATE INDEX deployments_cluster_namespace ON deployments (cluster_id, namespace);

CREATE TABLE images (
    id text PRIMARY KEY,
    write_id uuid,
    name text NOT NULL,
    scan_time timestamptz NOT NULL,
    component_count integer NOT NULL,
    cve_count integer NOT NULL,
    payload jsonb NOT NULL
);
CREATE INDEX images_name_scan_time ON images (name, scan_time);

CREATE TABLE image_components (
    id text PRIMARY KEY,
    image_id text NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    name text NOT NULL,
    version text NOT NULL,
    payload jsonb NOT NULL
);
CREATE INDEX image_components_image_id ON image_components (image_id);

CREATE TABLE image_cves (
    id text PRIMARY KEY,
    component_id text NOT NULL REFERENCES image_components (id) ON DELETE CASCADE,
    image_id text NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    cve text NOT NULL,
    cvss double precision NOT NULL,
    severity text NOT NULL,
    fixed_by text,
    payload jsonb NOT NULL
);
CREATE INDEX image_cves_component_id ON image_cves (component_id);
CREATE INDEX image_cves_image_id_cvss ON image_cves (image_id, cvss);
CREATE INDEX image_cves_cve ON image_cves (cve);

CREATE TABLE policies (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    severity text NOT NULL,
    lifecycle_stage text NOT NULL,
    disabled boolean NOT NULL,
    payload jsonb NOT NULL
);

CREATE TABLE alerts (
    id uuid PRIMARY KEY,
    write_id uuid,
    policy_id uuid NOT NULL REFERENCES policies (id),
    cluster_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    severity text NOT NULL,
    state text NOT NULL,
    raised_at timestamptz NOT NULL,
    payload jsonb NOT NULL
);
CREATE INDEX alerts_raised_at_id ON alerts (raised_at, id);
CREATE INDEX alerts_deployment_id_hash ON alerts USING hash (deployment_id);
-- Pages of alerts, one for each severity and state merged, of all clusters and of one; reports and
-- pruning walk the first.
CREATE INDEX alerts_page ON alerts (severity, state, raised_at, id);
CREATE INDEX alerts_page_of_cluster ON alerts (cluster_id, severity, state, raised_at, id);
-- A deployment's risk counts what is active, however much was resolved.
CREATE INDEX alerts_active_deployment_id ON alerts (deployment_id) WHERE state = 'ACTIVE';
-- A policy is removed where no alert names it.
CREATE INDEX alerts_policy_id ON alerts (policy_id);

CREATE TABLE process_indicators (
    id uuid PRIMARY KEY,
    write_id uuid,
    cluster_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    pod_uid uuid NOT NULL,
    process_name text NOT NULL,
    process_args text NOT NULL,
    signal_time timestamptz NOT NULL,
    legacy_start bigint,
    payload jsonb NOT NULL
);
CREATE INDEX process_indicators_deployment_id_hash ON process_indicators USING hash (deployment_id);
CREATE INDEX process_indicators_pod_uid_hash ON process_indicators USING hash (pod_uid);
-- A deployment's youngest containers, by the payload, which every release writes.
CREATE INDEX process_indicators_deployment_start ON process_indicators
    (deployment_id, ((payload ->> 'containerStart')::double precision) DESC NULLS LAST, id);

CREATE TABLE network_flows (
    cluster_id uuid NOT NULL,
    id uuid NOT NULL,
    write_id uuid,
    source_deployment_id uuid NOT NULL,
    destination_deployment_id uuid NOT NULL,
    destination_port integer NOT NULL,
    protocol text NOT NULL,
    last_seen_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (cluster_id, id)
) PARTITION BY LIST (cluster_id);
CREATE TABLE network_flows_default PARTITION OF network_flows DEFAULT;
CREATE INDEX network_flows_source_hash ON network_flows USING hash (source_deployment_id);
CREATE INDEX network_flows_destination_hash ON network_flows USING hash (destination_deployment_id);

-- What background workers keep. The reference service has never shipped, so its baseline may still grow.

CREATE TABLE notifiers (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    endpoint text NOT NULL,
    -- Made by a file of a declarative configuration, which may remove it again.
    declared boolean NOT NULL DEFAULT false,
    payload jsonb NOT NULL
);

-- One row a delivery; plain and not unique, so that one that was made twice can be seen.
CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL,
    notifier_id uuid NOT NULL,
    delivered_at timestamptz NOT NULL
);
CREATE INDEX notifications_alert_id ON notifications (alert_id);

-- Which policies come from files of a declarative configuration.
CREATE TABLE declared_policies (
    name text PRIMARY KEY
);

-- How far a worker has come that walks a table.
CREATE TABLE worker_cursors (
    worker text PRIMARY KEY,
    cursor text NOT NULL
);

CREATE TABLE risks (
    deployment_id uuid PRIMARY KEY,
    score double precision NOT NULL,
    release text NOT NULL,
    computed_at timestamptz NOT NULL
);

-- A deployment's usual peers, as one object.
CREATE TABLE network_baselines (
    deployment_id uuid PRIMARY KEY,
    peers jsonb NOT NULL,
    flushed_at timestamptz NOT NULL
);

CREATE TABLE usage (
    interval_start timestamptz PRIMARY KEY,
    alerts_raised bigint NOT NULL,
    deployments_peak bigint NOT NULL
);

-- One row a report; plain and not unique, so that one that was made twice can be seen.
CREATE TABLE report_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule text NOT NULL,
    scheduled_at timestamptz NOT NULL,
    file text NOT NULL,
    finished_at timestamptz NOT NULL
);

CREATE TABLE enforcement_summary (
    policy_id uuid PRIMARY KEY,
    enforcements bigint NOT NULL
);
