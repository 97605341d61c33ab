"""Files from the network: official addresses and packages of a package index, cancellable and resumable."""
