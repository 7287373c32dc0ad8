"""Budgets and rates of virtual keys, lanes, providers and the stack. docs/budgets.md is the guide for users.

What stands where:

- policy.py: the file limits.json. windows.py: hours, days, weeks and months of a time zone. worst_case.py, input_bound.py: how many tokens
  a request can cost. chains.py: which models may answer it, and what they cost at most. demand.py: whether it fits. refusals.py: the texts
  and headers. All of these are pure.
- plans.py: which limits apply to the requests of a key.
- database.py, connection.py, statements.py: the transaction that reserves what a request can cost at most, or refuses it. Tables:
  ledger/schema.py.
- access.py: uses the database on the event loop (on_loop.py), or in a thread of its own (worker.py) if that would make the loop wait.
- enforcer.py: reserves for the request filter (asked.py). allowance.py: what was reserved for a request that runs.
- keeper.py: a thread that releases what a gateway that died had reserved, and runs the self-test. owner.py: which gateways are alive.
- self_test.py: shows that a request above a budget is refused. ledger/limits_report.py: what is spent, run by `docker exec`.

ledger/settlement.py settles in the writer's batch: the cost of an attempt takes the place of a part of its reservation, and the end of the
request releases the rest. So the sum of what is spent and what is reserved never grows after the check.
"""
