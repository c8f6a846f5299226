"""What runs in the peers' own interpreter: scripts that read arrays from a directory and print one line of JSON."""
