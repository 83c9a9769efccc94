module wharf.local/wharf

go 1.22
