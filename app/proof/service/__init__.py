"""What proof offers: sealing and journals, verification, traces, and the trail."""
