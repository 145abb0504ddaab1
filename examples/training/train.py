"""Trains every example version and writes all that is under examples/{data,models,requests}."""

from threadpoolctl import threadpool_limits

import breast_cancer
import datasets
import wine
from outputs import write_data, write_index, write_requests, write_version


def main() -> None:
    entries = {}
    for data, versions in [(datasets.breast_cancer(), breast_cancer.versions), (datasets.wine(), wine.versions)]:
        write_data(data)
        write_requests(data)
        entries[data.model] = [write_version(data, version) for version in versions(data)]
        for entry in entries[data.model]:
            print(entry["path"], entry["sizeBytes"], entry["metrics"], f"fails on {entry['failing']['share']:.1%}")
    write_index(entries)


if __name__ == "__main__":
    # The order of floating-point additions, and so the last bits of the weights, depends on the thread count.
    with threadpool_limits(1):
        main()
