fn show(key: &keyguard::SecretKey) -> String {
    key.to_string()
}

fn main() {}
