"""The speeds on docs/densify.md: a mixture and its student, in turns on one device."""

from tables import read, table


def numbers(row):
    """The cells that are numbers."""
    found = {}
    for name, cell in row.items():
        try:
            found[name] = float(cell)
        except ValueError:
            continue
    return found


def both(value, figure, form="{:,.0f}"):
    return " / ".join(form.format(value[f"{who}.{figure}"]) for who in ("mixture", "student"))


def reached(value, what):
    measured, allowed = value[f"{what}.measured"], value[f"{what}.allowed"]
    return f"{measured:.2f}; {allowed:.2f} ({100 * measured / allowed:.0f} %)"


def speed_row(row):
    value = numbers(row)
    value |= {f"{who}.megabytes": value[f"{who}.memory"] / 1e6 for who in ("mixture", "student")}
    return [f"{row['case']}, {row['student']}", row["device"], row["date"], both(value, "parameters"),
            both(value, "operations"), both(value, "latency_ms", "{:.3f}"), reached(value, "latency"),
            both(value, "samples_per_second"), both(value, "batch"), both(value, "megabytes"),
            reached(value, "throughput")]


def speed_text(results):
    """Mixture and student in turns on one device."""
    path = results / "speed.csv"
    if not path.exists():
        return "Not run yet.\n"
    rows = [speed_row(row) for row in read(path)]
    return table(["mixture / student", "device", "date", "parameters", "operations a sample", "ms, batch 1",
                  "times faster; ratio of weights read", "samples a second", "at a batch of", "MB at that batch",
                  "times faster; ratio of operations"], rows)
