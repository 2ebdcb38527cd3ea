//! What wrangler.toml binds: the store of records and the accounts' objects.

use serde_json::Value;

use super::{Check, Wrangler};

pub(super) fn checks(wrangler: &Wrangler) -> Vec<Check> {
    let mut checks = vec![store(wrangler)];
    checks.extend(OBJECTS.iter().map(|(binding, class)| object(wrangler, binding, class)));
    checks.push(migrations(wrangler));
    checks
}

fn store(wrangler: &Wrangler) -> Check {
    const NAME: &str = "key store";
    let is_store = |namespace: &&Value| text(namespace, "binding") == Some("KEYS");
    let Some(namespace) = wrangler.own_list("kv_namespaces").find(is_store) else {
        return Check::failure(
            NAME,
            "no KV binding KEYS: every request with a key is refused",
            "Add [[kv_namespaces]] with binding = \"KEYS\". An environment needs one of its own.",
        );
    };
    match text(namespace, "id") {
        Some(id) if !id.is_empty() => Check::ok(NAME, "KEYS is bound"),
        _ => Check::warning(
            NAME,
            "KEYS has no id: the first deployment makes a namespace",
            "After it, write the namespace's id into the file: `wrangler kv namespace list` shows it.",
        ),
    }
}

fn object(wrangler: &Wrangler, binding: &str, class: &str) -> Check {
    const NAME: &str = "durable objects";
    let bindings = wrangler.own("durable_objects").and_then(|objects| objects.get("bindings"));
    let mut bindings = bindings.and_then(Value::as_array).into_iter().flatten();
    match bindings.find(|one| text(one, "name") == Some(binding)) {
        Some(one) if text(one, "class_name") == Some(class) => {
            Check::ok(NAME, format!("{binding} is bound to {class}"))
        }
        Some(_) => Check::failure(
            NAME,
            format!("{binding} is bound to another class than {class}"),
            format!("Set class_name = \"{class}\"."),
        ),
        None => Check::failure(
            NAME,
            format!("no binding {binding}: the admin API can't work"),
            format!(
                "Add to [durable_objects]: bindings = [{{ name = \"{binding}\", class_name = \"{class}\" }}, …]. An \
                 environment needs its own."
            ),
        ),
    }
}

/// Only classes that a migration makes as `new_sqlite_classes` have the storage that accounts need.
fn migrations(wrangler: &Wrangler) -> Check {
    const NAME: &str = "migrations";
    let steps = wrangler.inherited("migrations").and_then(Value::as_array);
    let steps: Vec<&Value> = steps.into_iter().flatten().collect();
    let made_by = |step: &str| -> Vec<&str> {
        let lists = steps.iter().filter_map(|one| one.get(step).and_then(Value::as_array));
        lists.flatten().filter_map(Value::as_str).collect()
    };
    let (sqlite, other) = (made_by("new_sqlite_classes"), made_by("new_classes"));
    let classes = OBJECTS.map(|(_, class)| class);
    if let Some(class) = classes.iter().find(|class| other.contains(class)) {
        return Check::failure(
            NAME,
            format!("{class} is made by new_classes, without SQLite"),
            "Use new_sqlite_classes. A class that was deployed without can't be changed: it needs a new name.",
        );
    }
    if let Some(class) = classes.iter().find(|class| !sqlite.contains(class)) {
        return Check::failure(
            NAME,
            format!("none makes {class}"),
            "Add [[migrations]] with a tag and new_sqlite_classes = [\"Account\", \"DigestIndex\"].",
        );
    }
    Check::ok(NAME, "every class has SQLite storage")
}

fn text<'a>(table: &'a Value, name: &str) -> Option<&'a str> {
    table.get(name).and_then(Value::as_str)
}

const OBJECTS: [(&str, &str); 2] = [("ACCOUNTS", "Account"), ("DIGESTS", "DigestIndex")];
