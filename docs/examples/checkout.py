"""A checkout page for one booking: python checkout.py 4354 8001. All it remembers is the ledger."""
import os
import sys
from decimal import Decimal
from html import escape
from socketserver import ThreadingMixIn
from urllib.parse import quote
from wsgiref.simple_server import WSGIServer, make_server

import requests

BOOKING, PORT, API = sys.argv[1], int(sys.argv[2]), os.environ.get("API", "http://127.0.0.1:8000")
CLIENT = os.environ.get("CLIENT", "demo"), os.environ.get("SECRET", "demo-secret")
GRANT, PAGES = {"grant_type": "client_credentials"}, "/sandbox/transactions"
WORDS = {"no_funds": "There is not enough money on the card.", "expired": "The card has expired."}
HTML = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Pay</title><h1>Booking {}</h1><p>{}</p><form method="post"><button {}>Pay {} EUR</button>"""

def call(method, path, key=None, **fields):
    token = requests.post(f"{API}/oauth/2.0/token", GRANT, auth=CLIENT, timeout=10).json()
    head = {"Authorization": f"Bearer {token['access_token']}", "Idempotency-Key": key}
    sent = {"params" if method == "GET" else "data": fields}
    answer = requests.request(method, API + path, headers=head, timeout=10, **sent)
    if answer.status_code != 404:  # no such transaction: nobody has tried to pay
        answer.raise_for_status()
    return answer.json(parse_float=Decimal)

def look():  # what is due now, all payments, and a code that every tab makes until a try has ended
    [booking] = call("GET", "/apis/bookings", bookingID=BOOKING)["Items"]
    payments = call("GET", "/apis/payments", BookingId=BOOKING)["Payments"]  # the newest first
    lines = [line for line in booking["PaymentSchedules"] if line["Outstanding"]]
    due = sum(line["Outstanding"] for line in lines if line["Stage"] == lines[0]["Stage"])
    return due, payments, f"{BOOKING}-{len(payments) + 1}-{due}"

def settle(code):  # asks what has become of a try, and records its end: once, by its Reference
    found = call("GET", f"{PAGES}/{quote(code, safe='')}")
    fields = {"BookingId": BOOKING, "PaymentScheduleIds": "1,2", "PaymentMethod": "Credit Card"}
    if found.get("State") == "paid":
        fields |= {"Status": 0, "RemoveBookingTag": "12,20"} | found["Payment"]
    elif found.get("State") == "declined":
        why = WORDS.get(found["Decline"], "The bank declined the card.")
        fields |= {"Status": 1, "AddBookingTag": 20, "Comments": why} | found["Payment"]
    return call("POST", "/apis/payments", code, **fields) if "Status" in fields else None

def page(request, start):
    due, payments, code = look()
    if request["REQUEST_METHOD"] == "POST":
        order = {"Amount": due, "Code": code, "BackUrl": f"http://127.0.0.1:{PORT}/"}
        start("303 See Other", [("Location", call("POST", PAGES, **order, Currency="EUR")["Url"])])
        return []
    for each in {code, request["QUERY_STRING"].removeprefix("Code=")}:
        if each.startswith(f"{BOOKING}-") and each not in [p["Reference"] for p in payments]:
            settle(each)
    due, payments, _ = look()
    says = payments[0]["FailureReason"] or "Thank you, it is paid." if payments else ""
    start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")])
    return [HTML.format(BOOKING, escape(says), "" if due else "disabled", due).encode()]

Server = type("Server", (ThreadingMixIn, WSGIServer), {})
make_server("127.0.0.1", PORT, page, Server).serve_forever()
