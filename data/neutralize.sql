-- A neutralized copy must not read from, or write to, anybody's Mailchimp account.
UPDATE mailchimp_account
   SET api_key = NULL,
       webhook_token = NULL,
       state = 'draft';
UPDATE mailchimp_job
   SET state = 'cancelled',
       finished_at = now() AT TIME ZONE 'UTC'
 WHERE state = 'pending';
