fn clone<'a>(grant: &keyguard::Grant<'a>) -> keyguard::Grant<'a> {
    grant.clone()
}

fn main() {}
