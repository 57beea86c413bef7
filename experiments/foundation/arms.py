"""The arms of the foundation study: one expert, the original gate and the attentive gate, on two data
sets, at the settings of arXiv 2302.14703 ("published") and at ours."""

ONE_EXPERT = ["expert.count=1", "gate.kind=fixed", "gate.layers=", "gate.query=", "loss.importance="]
ORIGINAL = ["gate.kind=softmax", "gate.query=", "loss.importance="]
ATTENTIVE = []

GATES = {"one expert": ONE_EXPERT, "original": ORIGINAL, "attentive + importance": ATTENTIVE}
SETS = ["mnist", "fashion-mnist"]
SETTINGS = {"published": "-published", "ours": ""}


def arms():
    """Yields (data set, settings, gate, recipe, assignments)."""
    for data in SETS:
        for settings, suffix in SETTINGS.items():
            for gate, assignments in GATES.items():
                yield data, settings, gate, f"recipes/{data}{suffix}.toml", assignments
