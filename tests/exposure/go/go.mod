module keyguard/client

go 1.19
