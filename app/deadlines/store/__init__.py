"""Every SQL statement about deadlines and due acts."""
