fn clone(secrets: keyguard::AssertionSecrets) -> keyguard::AssertionSecrets {
    secrets.clone()
}

fn main() {}
