"""Show that an assignment's grading gives right answers their points, and no others."""
