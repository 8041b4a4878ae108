"""Grade a class: many submissions, on every core or a cluster, none of them twice."""
