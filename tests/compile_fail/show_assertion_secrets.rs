fn show(secrets: &keyguard::AssertionSecrets) -> String {
    secrets.to_string()
}

fn main() {}
