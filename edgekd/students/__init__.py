"""Students: tiny networks behind the text front end."""
