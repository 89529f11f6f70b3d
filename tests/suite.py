# SPDX-License-Identifier: BSD-2-Clause
"""The tests of the program that was started, with the closing line that run.py adds up."""
import unittest


def main():
    """The exit status: 1 if anything failed."""
    result = unittest.main(module="__main__", exit=False, verbosity=1).result
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    for test, why in result.skipped:
        print(f"skipped {test}: {why}")
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
