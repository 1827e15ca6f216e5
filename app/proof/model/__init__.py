"""What proof is made of: laws and reports, journals and seals, traces, and lines of the trail."""
