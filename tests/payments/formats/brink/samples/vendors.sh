curl --request POST \
  --url 'https://{server_name_goes_here}.parpos.com/Ordering.svc?ApplyPayment' \
  --header 'Content-Type: text/xml; charset=utf-8' \
  --header 'AccessToken: your-access-token' \
  --header 'LocationToken: your-location-token' \
  --header 'SOAPAction: "http://www.brinksoftware.com/webservices/ordering/20140219/IOrderingWebService/ApplyPayment"' \
  --data '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:ns="http://www.brinksoftware.com/webservices/ordering/20140219">
    <soapenv:Header/>
    <soapenv:Body>
      <ns:ApplyPayment>
        <ns:request>
          <ns:OrderId>12345</ns:OrderId>
          <ns:Payment>
            <ns:Amount>10.75</ns:Amount>
            <ns:Id>1</ns:Id>
            <ns:TenderId>1</ns:TenderId>
            <ns:TipAmount>0</ns:TipAmount>
            <ns:ReferenceDetails>
              <ns:PaymentReferenceDetail>
                <ns:Name>Card Type</ns:Name>
                <ns:Value>Visa</ns:Value>
              </ns:PaymentReferenceDetail>
            </ns:ReferenceDetails>
          </ns:Payment>
        </ns:request>
      </ns:ApplyPayment>
    </soapenv:Body>
  </soapenv:Envelope>'
