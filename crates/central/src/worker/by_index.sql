-- For this transaction: what looks rows up one by one does so by their index, also where the planner would read
-- the table instead. It does where it is small, and for a policy's foreign key, by how many alerts a policy has
-- on average.
SELECT set_config('enable_seqscan', 'off', true)
