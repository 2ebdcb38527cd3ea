fn read(key: &keyguard::SecretKey) -> &str {
    key.as_str()
}

fn main() {}
