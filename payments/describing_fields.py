"""What the description of the API says of what the calls of /apis/payments take."""

from __future__ import annotations

from kit.describing import says

NONE = ""  # the example of what a request with all the other examples must leave out

# The body of POST /apis/payments, by the names on the wire.
FIELDS = {
    "Amount": says(
        "What the guest paid, without Charges; more than 0, with no more decimals than the"
        " currency has, at most 9999999999.99.",
        "200.00",
    ),
    "BookingId": says("The booking it is for.", 4354),
    "PaymentScheduleIds": says(
        "What is filled first: `1,2` the whole schedule in its order (recommended), `1` what is"
        " due with the deposit, `2` with the balance, other numbers lines by id, in this order."
        " Money left goes over the other open lines, then to credit. Also called PaymentSchedules.",
        "1,2",
    ),
    "Status": says(
        "0 cleared: the money is there. 1 not cleared, or a failed attempt. 2 deferred: accepted,"
        " comes later.",
        "0",
    ),
    "Currency": says("The booking's currency: ISO code in any case, or its symbol.", "EUR"),
    "PaymentDate": says(
        "When it was paid; for Status 2 when it is expected. For Status 0 not after tomorrow.",
        "2024-05-31",
    ),
    "PaymentMethod": says("Name or code of an active payment method, letter for letter.", "PayPal"),
    "Charges": says("A surcharge paid on top of Amount, such as a card fee; kept apart.", "10.00"),
    "Comments": says("Where it was paid, or the provider's words for a decline.", "Guest portal"),
    "PropertyId": says(
        "Of a booking of several properties: fill the lines of this one first.", 8849
    ),
    "BalanceDueDate": says(
        "When what is still open of the balance is due from now on. Send it with instalments.",
        "2030-01-31",
    ),
    "AddBookingTag": says(
        "Ids of tags to put on the booking. With the tag of failed payments and Status 1 it is a"
        " failed attempt.",
        "1",
    ),
    "RemoveBookingTag": says(
        "Ids of tags to take off, such as 12 once a website booking is paid.", "12"
    ),
    "PaymentToken": says(
        "The provider's token for charging the card again.", "d7124bc2-7276-473e-9c37-a1b154b8404e"
    ),
    "CardPartialNumbers": says("The last four digits of the card; send them with a token.", "1234"),
    "CardType": says("The card's brand.", "VISA"),
    "IsDeferredPayment": says(
        "`true` says the same as Status 2; with Status 0 it is a contradiction.", False
    ),
    "SagepaySecurityKey": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "JXQ2YDQX5M"
    ),
    "SagepayVendorTxCode": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "order-77-20240531"
    ),
    "SagepayVPSTxId": says(
        "Of the live SagePay (Opayo) transaction; unique on the booking.",
        "{6F1B0F6E-2C2B-4C1B-9B1D-2F0C3A1D7E55}",
    ),
    "SagepayTxAuthNo": says(
        "Of the live SagePay (Opayo) transaction; all four together or none.", "4898041"
    ),
    "BookingIds": says(
        "Instead of BookingId: several bookings with commas between them, paid by one payment of"
        " the guest; all of them or none. Each gets a payment of its own.",
        NONE,
    ),
    "Amounts": says(
        "With BookingIds, instead of Amount: what each of them gets, in their order.", NONE
    ),
    "SendEmail": says("Whether a cleared payment writes to the guest.", False),
    "Reference": says(
        "Your own id of the payment: once per booking and partner, while the payment is not"
        " failed.",
        "order-77",
    ),
}

# The query of GET /apis/payments.
QUERY = {
    "BookingId": says("Only the payments of this booking.", 4354),
    "DateFrom": says("Only payments of this day or later (PaymentDate).", "2024-01-01"),
    "DateTo": says("Only payments of this day or earlier (PaymentDate).", "2030-01-31"),
    "size": says("How many a page; with it, or `index`, the answer has TotalHits.", 20),
    "index": says("Which page, from 1.", 1),
}

# The bodies of the calls that change a payment.
REASON = says("Why; kept in the event log.", "Agreed with the guest")
CLEARING = {
    "PaymentDate": says(
        "Since when the money is there, not after tomorrow; today at the location unless given.",
        "2024-05-31",
    ),
    "Reason": REASON,
}
FAILING = {"Reason": says("The provider's words, or why it will not come.", "Card declined")}
REFUNDING = {
    "Amount": says(
        "How much goes back; all that can still be refunded unless given, or nothing when Charges"
        " or Tip are.",
        "50.00",
    ),
    "Charges": says("How much of the surcharge goes back; none unless given.", "2.50"),
    "Tip": says("How much of the tip goes back; none unless given.", "5.00"),
    "PaymentMethod": says("How it is paid out; the payment's own method unless given.", "PayPal"),
    "PaymentDate": says(
        "When it was paid out, not after tomorrow; today at the location unless given.",
        "2024-06-30",
    ),
    "Reason": REASON,
    "Comments": says("Kept with the refund.", "Guest fell ill"),
    "Reference": says("Your own id of the refund, once per booking and partner.", "refund-77"),
    "SendEmail": says("Whether the guest is written to; true unless given.", False),
}

# In the path of those calls.
BY_ID = {"in": "path", "name": "payment_id", "description": "Our id of the payment (PaymentId)."}
