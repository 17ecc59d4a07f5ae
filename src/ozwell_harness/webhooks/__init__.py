"""The receiver of webhooks: what it listens for, how it reads HTTP from anyone, how it checks a signature."""
