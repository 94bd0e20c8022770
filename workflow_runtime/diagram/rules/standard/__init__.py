"""BPMN's own static constraints (ids of the public catalogue in each finding)."""
