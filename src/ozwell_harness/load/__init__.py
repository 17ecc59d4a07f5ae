"""Load: what is asked (plan, scenarios, arrivals), what came back (samples), and what it amounts to (metrics, SLO).

Everything here is pure or plain I/O, except ``engine``: that is what Locust loads, and the only room with gevent.
"""

from ozwell_harness.load.arrivals import Arrivals, Burst, Closed, Constant, Poisson, Ramp, Spacing, Spike, Steps, Trace
from ozwell_harness.load.distribution import Distribution, Exponential, Fixed, LogNormal, Normal, Uniform
from ozwell_harness.load.plan import LoadPlan, LoadTimeouts, PlanError
from ozwell_harness.load.progress import LoadObserver, Progress, SilentLoad
from ozwell_harness.load.result import LoadResult
from ozwell_harness.load.runner import LoadError, run_load
from ozwell_harness.load.slo import Slo, SloError, parse_slo

__all__ = [
    "Arrivals",
    "Burst",
    "Closed",
    "Constant",
    "Distribution",
    "Exponential",
    "Fixed",
    "LoadError",
    "LoadObserver",
    "LoadPlan",
    "LoadResult",
    "LoadTimeouts",
    "LogNormal",
    "Normal",
    "PlanError",
    "Poisson",
    "Progress",
    "Ramp",
    "SilentLoad",
    "Slo",
    "SloError",
    "Spacing",
    "Spike",
    "Steps",
    "Trace",
    "Uniform",
    "parse_slo",
    "run_load",
]
