"""Catalogues (目录): what a place pays for, by kind and date, and up to which price."""
