-- Floor S: what taking one payment reads and writes (payments/ledger.py), statement by statement,
-- as the database alone can do it. Run by pgbench, prepared. Two lines are paid, one tag is put on
-- and one taken off, as by the payments that the load sends.
-- A blank follows the colons inside texts: pgbench takes ":1" or ":true" for its variables.
\set booking random(:first, :last)
\set line 1001 + 4 * (:booking - 1)
\set other :line + random(1, 3)
\set partner random(1, 10)
\set on random(1, 2)
\set off 3 - :on
\set key random(1, 9000000000000000000)
BEGIN;
SELECT id FROM bookings WHERE id = :booking FOR NO KEY UPDATE;
SELECT b.id, b.location_id, b.status, b.currency, b.total, b.paid, b.credit, b.charges, b.account_identifier, b.log_count, b.log_hash, b.log_seal, l.name, l.time_zone, l.overpayment, l.mail_sender, c.first_name, c.last_name, c.email, c.locale FROM bookings b JOIN locations l ON l.id = b.location_id JOIN contacts c ON c.id = b.contact_id WHERE b.id = :booking;
SELECT id, stage, due_on, amount, paid, property_id, name FROM schedule_lines WHERE booking_id = :booking;
SELECT s.property_id, p.name, s.arrives_on FROM stays s JOIN properties p ON p.id = s.property_id WHERE s.booking_id = :booking;
SELECT t.id, t.name, t.role, EXISTS (SELECT FROM booking_tags b WHERE b.booking_id = :booking AND b.tag_id = t.id) FROM tags t WHERE t.id IN (:on, :off);
SELECT amount, wishes, property_id FROM payments WHERE booking_id = :booking AND state IN ('uncleared', 'deferred') ORDER BY id;
SELECT m.id, m.name, m.from_outside, m.paying, m.overpayment, m.is_refund, EXISTS (SELECT FROM method_partners p WHERE p.method_id = m.id), EXISTS (SELECT FROM method_partners p WHERE p.method_id = m.id AND p.partner_id = :partner), EXISTS (SELECT FROM methods_switched_off o WHERE o.method_id = m.id AND o.location_id = 1) FROM payment_methods m WHERE (m.name = 'PayPal' OR m.code = 'PayPal') AND m.active;
SELECT id, reference, vps_hash FROM payments WHERE booking_id = :booking AND partner_id = :partner AND reference = :key::text AND state NOT IN ('failed', 'void');
SELECT fingerprint, body FROM idempotency_keys WHERE partner_id = :partner AND key = :key::text;
INSERT INTO payments (booking_id, method_id, partner_id, source, state, amount, charges, tip, currency, category, paid_on, reference, wishes, send_email, created_at, cleared_at) VALUES (:booking, 1, :partner, 'ipro', 'cleared', 2, 0, 0, 'EUR', 2, current_date, :key::text, '1,2', true, now(), now()) RETURNING id \gset payment_
INSERT INTO allocations (payment_id, booking_id, line_id, amount, cause, created_at) VALUES (:payment_id, :booking, :line, 1, 'payment', now()), (:payment_id, :booking, :other, 1, 'payment', now());
UPDATE schedule_lines SET paid = paid + 1 WHERE id IN (:line, :other);
UPDATE bookings SET status = 'booking', paid = paid + 2, modified_at = now(), log_count = log_count + 1, log_hash = md5(:key::text) || md5('hash'), log_seal = md5(:key::text) || md5('seal') WHERE id = :booking RETURNING log_count AS no \gset
DELETE FROM booking_tags WHERE booking_id = :booking AND tag_id = :off;
INSERT INTO booking_tags (booking_id, tag_id) VALUES (:booking, :on) ON CONFLICT DO NOTHING;
INSERT INTO event_log (chain, no, at, action, severity, actor_kind, actor_id, body, hash) VALUES (:booking, :no, now(), 'payment.recorded', 'low', 'partner', :partner, '{"about":{"booking": 1,"location": 1,"payment": 1},"action":"payment.recorded","after":{"amount": 11000,"charges": 0,"credit": 0,"currency":"EUR","due_on":{"1001":"2026-01-01","1002":"2026-01-01"},"lines":[[1001,10000],[1002,1000]],"method": 1,"paid": 11000,"state":"cleared","status":"booking","tags_added":[2],"tags_removed":[1]},"at":"2026-01-01T00.00.00","before":{"charges": 0,"credit": 0,"paid": 0,"status":"booking"},"origin":{"actor":{"id": 1,"kind":"partner","name":"Partner 1"},"address":"127.0.0.1","request_id":"0123456789abcdef"},"reason": null,"severity":"low"}', md5(:key::text) || md5('hash'));
INSERT INTO outbox (kind, message_id, booking_id, context, created_at, due_at) VALUES ('email.payment_received', '<' || md5(:key::text) || '@bench.example.com>', :booking, '{"to":"guest@example.com","name":"Maria Silva","locale":"en_GB","sender":"stay@bench.example.com","location":"Bench","booking": 1,"account":"B1.1","properties":["Casa Azul"],"arrives":"2026-01-01","currency":"EUR","amount": 11000,"charges": 0,"method":"PayPal","paid_on":"2026-01-01","covered":[["Line 1",10000],["Line 2",1000]],"credit": 0,"open":[["Line 2",9000,"2026-01-01"],["Line 3",10000,"2026-01-01"],["Line 4",10000,"2026-01-01"]]}', now(), now());
INSERT INTO idempotency_keys (partner_id, key, fingerprint, body, created_at) VALUES (:partner, :key::text, md5(:key::text) || md5('body'), '{"Success": true,"PaymentId": 123456}', now());
END;
