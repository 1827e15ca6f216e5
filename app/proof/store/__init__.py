"""Every SQL statement of proof: journals and seals, laws, traces, and the trail."""
