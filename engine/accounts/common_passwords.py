"""The passwords that are tried first, of those that are long enough to be one here.

What published lists have in common: rows of keys, words with numbers behind them, and what is written twice.
"""

_WORDS = """
000000000000 0123456789012 098765432109 111111111111 112233445566 121212121212 123123123123 123412341234
123456789012 1234567890123 12345678901234 123456789101112 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i 1qaz2wsx3edc
987654321098 abc123456789 abcd12345678 abcdef123456 abcdefghijkl abcdefghijklm admin1234567 admin12345678
adminadmin12 adminadminadmin administrator administrator1 administrator123 asdfasdfasdf asdfghjkl123
asdfghjkl1234 batmanbatman changeme1234 changemechangeme correcthorsebatterystaple defaultpassword iloveyou1234
iloveyou12345 iloveyouforever letmein12345 letmeinletmein mypassword123 mysecretpassword p@ssw0rd1234
p@ssword1234 passw0rd1234 password123! password1234 password1234! password12345 password123456 password@123
passwordpassword qwerty123456 qwerty1234567 qwertyqwerty qwertyuiop12 qwertyuiop123 qwertyuiopasdfgh
secretsecret superman1234 supersecretpassword thisisapassword thisismypassword trustno1trustno1 unbelievable
welcome12345 welcome123456 wharfinger123 wharfingerwharfinger zaq12wsxcde3 zxcvbnmasdfgh
"""

COMMONEST = frozenset(_WORDS.split()) | {"correct horse battery staple"}
