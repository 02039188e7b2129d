"""Token buckets and address prefixes."""

import pytest

from api.throttle import Throttle, prefix


def throttle(size=100):
    clock = [0.0]
    return Throttle(lambda: clock[0], size), clock


def test_a_second_s_worth_at_once_then_the_steady_rate():
    buckets, clock = throttle()
    assert [buckets.take("a", 10) for _ in range(10)] == [0.0] * 10
    assert buckets.take("a", 10) == pytest.approx(0.1)
    clock[0] += 0.05
    assert buckets.take("a", 10) == pytest.approx(0.05)
    clock[0] += 0.06
    assert buckets.take("a", 10) == 0.0
    assert buckets.take("a", 10) > 0


def test_asking_while_refused_costs_nothing():
    buckets, clock = throttle()
    for _ in range(10):
        buckets.take("a", 10)
    for _ in range(1000):
        assert buckets.take("a", 10) > 0
    clock[0] += 0.101
    assert buckets.take("a", 10) == 0.0


def test_one_does_not_use_up_another_s():
    buckets, _ = throttle()
    for _ in range(11):
        buckets.take("a", 10)
    assert buckets.take("b", 10) == 0.0


def test_idle_time_saves_up_no_more_than_a_second_s_worth():
    buckets, clock = throttle()
    buckets.take("a", 5)
    clock[0] += 1000
    assert [buckets.take("a", 5) for _ in range(5)] == [0.0] * 5
    assert buckets.take("a", 5) > 0


def test_a_rate_below_one_still_admits_one():
    buckets, clock = throttle()
    assert buckets.take("a", 0.5) == 0.0
    assert buckets.take("a", 0.5) == pytest.approx(2.0)
    clock[0] += 2.001
    assert buckets.take("a", 0.5) == 0.0


def test_memory_is_bounded_and_the_longest_idle_goes_first():
    buckets, _ = throttle(size=3)
    for name in ("a", "b", "c", "a", "d"):
        buckets.take(name, 1)
    assert len(buckets) == 3
    assert buckets.take("a", 1) > 0, "used again, so it stayed"
    assert buckets.take("b", 1) == 0.0, "the longest idle was forgotten"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1", True)),
        ("127.8.9.1", ("127.8.9.1", True)),
        ("::1", ("::/64", True)),
        ("::ffff:127.0.0.1", ("127.0.0.1", True)),
        ("192.0.2.7", ("192.0.2.7", False)),
        ("::ffff:192.0.2.7", ("192.0.2.7", False)),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", False)),
        ("2001:db8:1:2::9", ("2001:db8:1:2::/64", False)),
        ("fe80::1%eth0", ("fe80::/64", False)),
        ("<local>", ("<local>", False)),
        ("", ("", False)),
    ],
)
def test_prefixes(address, expected):
    assert prefix(address) == expected
