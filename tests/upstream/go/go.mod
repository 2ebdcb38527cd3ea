module keyguard/upstream

go 1.19
