"""What a hospital's software survives: a proxy between it and a sandbox watches and strikes."""
