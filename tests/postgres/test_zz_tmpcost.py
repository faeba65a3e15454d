from tests.bench.launches import launches_of
from tests.postgres.node import AGENT
from tests.postgres.conftest import Pair
import pytest

def cost(node, action, **c):
    got = launches_of([str(AGENT), action], node.environment(**c))
    print(f"{action:12} {c} {got}")
    roles = {"promote": "Promoted", "stop": "Stopped"}
    if action in ("start","stop","promote","demote") and got.code==0:
        node.cluster.set_node(node.name, role=roles.get(action, "Unpromoted"))
    return got

@pytest.mark.parametrize("major",[10,15,18])
def test_x(pair, major):
    c,n1,n2=pair
    for a in ("meta-data","validate-all","notify","reload-agent","methods","usage"):
        cost(n1,a)
    cost(n1,"monitor",CRM_meta_interval="0")
    cost(n1,"start"); cost(n1,"monitor"); cost(n1,"promote"); cost(n1,"monitor")
    n2.follow(n1)
    cost(n2,"start"); cost(n2,"monitor"); cost(n2,"monitor",CRM_meta_interval="0"); cost(n1,"monitor",CRM_meta_interval="0")
    cost(n1,"demote"); cost(n1,"monitor"); cost(n1,"stop")
    cost(n2,"promote"); cost(n2,"stop")
    none={"rep_mode":"none","CRM_meta_promotable":"false"}
    for a in ("start","start","monitor","status","stop","monitor","stop"): cost(n2,a,**none)
