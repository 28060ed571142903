"""The tree of errors is the public one, and each message says what, what else, and what to do."""

from edgekd import errors


def test_every_error_is_public_and_has_its_exit_code():
    tree = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert tree == set(errors.__all__)
    codes = {name: getattr(errors, name).exit_code for name in errors.__all__}
    assert {name: code for name, code in codes.items() if code != 1} == {"UsageError": 2, "GateFailed": 3}


def test_a_message_has_its_parts():
    assert str(errors.DataError("got x", expected="y", fix="do z")) == "got x\nexpected: y\nto fix: do z"
    assert str(errors.DataError("got x")) == "got x"
