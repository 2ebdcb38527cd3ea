fn clone(key: keyguard::SecretKey) -> keyguard::SecretKey {
    key.clone()
}

fn main() {}
