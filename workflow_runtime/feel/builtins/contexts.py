"""Context functions."""

from __future__ import annotations

from workflow_runtime.feel.signatures import builtin
from workflow_runtime.feel.values import Value


@builtin("get value", "m: context, key: string")
def get_value(context: dict[str, Value], key: str) -> Value:
    return context.get(key)


@builtin("get entries", "m: context", "list")
def get_entries(context: dict[str, Value]) -> Value:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list", "context")
def context_of(entries: list[Value]) -> Value:
    result: dict[str, Value] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return None
        if entry["key"] in result:
            return None
        result[entry["key"]] = entry["value"]
    return result


@builtin("context put", "context: context, key: string, value: Any", "context")
def context_put(context: dict[str, Value], key: str, value: Value) -> Value:
    return {**context, key: value}


@builtin("context put", "context: context, keys: list, value: Any", "context")
def context_put_deep(context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    if not keys or not isinstance(keys[0], str):
        return None
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    if not isinstance(inner, dict):
        return None
    deeper = context_put_deep(inner, keys[1:], value)
    return None if deeper is None else {**context, keys[0]: deeper}


@builtin("context merge", "contexts: list", "context")
def context_merge(contexts: list[Value]) -> Value:
    result: dict[str, Value] = {}
    for context in contexts:
        if not isinstance(context, dict):
            return None
        result.update(context)
    return result
