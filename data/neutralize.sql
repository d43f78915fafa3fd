-- A neutralized copy must not read from, or write to, anybody's Mailchimp account.
UPDATE mailchimp_account
   SET api_key = NULL,
       webhook_token = NULL,
       webhook_token_digest = NULL,
       state = 'draft';
UPDATE mailchimp_audience
   SET webhook_id = NULL,
       webhook_secret = NULL,
       webhook_state = 'none';
UPDATE mailchimp_run
   SET state = 'cancelled',
       finished_at = now() AT TIME ZONE 'UTC'
 WHERE state IN ('pending', 'running', 'paused', 'approval');
UPDATE mailchimp_job
   SET state = 'cancelled',
       finished_at = now() AT TIME ZONE 'UTC'
 WHERE state = 'pending';
