"""The ledger: what every request and every call of a provider cost. docs/usage.md is the guide for users.

What stands where:

- schema.py: the tables. `attempts` has one row for each call of a provider, `requests` one for each request of a client, `prices` the
  prices with the time from which they hold, `usage_hours` the sums of each hour, which `./switchyard usage` reads.
- migrations/: Alembic's steps from one schema to the next. migrate.py runs them, in a process of its own and under the lock of files.py.
- transport.py: sees each call of a provider where its bytes pass (httpx's transport), and hands them on after the answer.
- recorder.py: ASGI middleware that sees each request of a client. It gives the ledger's ids and joins attempts and request.
- wire.py: the usage, model and text in the bytes of an answer. counting.py: each provider's arithmetic of tokens. prices.py: prices and
  the cost of an attempt. rows.py: what was observed becomes a row. All four are pure.
- gateway.py: connects these in a gateway's process.
- writer.py: one thread for each gateway. It makes rows, keeps them in memory up to a bound, and writes them in batches.
- store.py: the database: the statements of a batch. retention.py: removes old rows. report.py: the sums for `usage`, run by `docker exec`.

Rules: ids are the ledger's own (random), never a client's or a provider's. Money is an integer of nano-dollars, rounded once a row. No prompt,
no answer and no key is stored. A failure of the database never fails a request.

Budgets and rates are in the package `limits` beside this one. settlement.py counts each attempt against them in the transaction that stores it:
`limit_windows` has what is used and reserved of each limit in each window, `reservations` what each running request can still cost.
"""
