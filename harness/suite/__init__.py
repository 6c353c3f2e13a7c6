"""The conformance suite as pytest sees it: one test item a clause. Run it with `pytest -p harness.plugin --pyargs harness.suite`."""
