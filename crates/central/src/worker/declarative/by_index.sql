-- For this transaction. What a removed policy's foreign key asks is planned by how many alerts a policy has on
-- average, and would read them all; there is an index for it.
SELECT set_config('enable_seqscan', 'off', true)
