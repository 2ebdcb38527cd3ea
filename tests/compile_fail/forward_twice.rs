fn twice(grant: keyguard::Grant<'_>) {
    let _first = grant.into_forward();
    let _second = grant.into_forward();
}

fn main() {}
