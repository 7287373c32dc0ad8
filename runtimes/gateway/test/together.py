"""Runs the tests of a class at the same time, in threads: for tests that mostly wait. They must not share anything."""

import unittest
from concurrent.futures import ThreadPoolExecutor


class Kept(unittest.TestResult):
    """Keeps what a test reports, so that it can be told to the run's result in one thread."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def tell(self, result):
        for name, arguments in self.calls:
            getattr(result, name)(*arguments)


def keep(name):
    return lambda self, *arguments: self.calls.append((name, arguments))


# What `TestCase.run` calls.
for each in 'startTest addSuccess addError addFailure addSkip addExpectedFailure addUnexpectedSuccess addSubTest stopTest'.split():
    setattr(Kept, each, keep(each))


class Together(unittest.TestSuite):
    """The tests of one class, whose `setUpClass` and `tearDownClass` run before and after all of them."""

    def run(self, result, debug=False):
        tests = list(self)
        if not tests:
            return result
        kind = type(tests[0])
        kind.setUpClass()
        try:
            with ThreadPoolExecutor(len(tests)) as pool:
                for kept in pool.map(run_one, tests):
                    kept.tell(result)
        finally:
            kind.tearDownClass()
        return result


def run_one(test):
    kept = Kept()
    test.run(kept)
    return kept


def load_together(loader, together, alone=()):
    """What a module's `load_tests` returns: the classes one after another, those of `together` as one `Together` each."""
    suites = [Together(loader.loadTestsFromTestCase(kind)) for kind in together]
    return unittest.TestSuite([*suites, *map(loader.loadTestsFromTestCase, alone)])
