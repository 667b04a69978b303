"""Numbers: a System evaluated, its code, and independent witnesses for its gradient."""
